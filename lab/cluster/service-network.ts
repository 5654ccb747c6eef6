/** Where the cluster's virtual addresses are. The first is the API server's, as Kubernetes has it. */
export const SERVICE_RANGE = '10.254.0.0/24';

/** The virtual address of the cluster's DNS. */
export const DNS_ADDRESS = '10.254.0.10';
