output "names" {
  description = "Name of each parameter that holds a secret."
  value       = module.secrets.names
}
