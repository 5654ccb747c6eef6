import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetAccessKeyLastUsedCommand,
  type IAMClient,
  ListAccessKeysCommand,
} from '@aws-sdk/client-iam';
import { GetParameterCommand, ParameterNotFound, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { KeyPorts } from '#core/aws/keys/rotate.ts';
import { Refusal } from '#core/values/errors.ts';

/** IAM and the parameter store themselves; secrets travel in the SDK's requests, never in a program's arguments. */
export function openKeyPorts(iam: IAMClient, ssm: SSMClient): KeyPorts {
  return {
    list: async (UserName) => {
      const { AccessKeyMetadata = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
      return AccessKeyMetadata.map(({ AccessKeyId = '', CreateDate = new Date(0), Status }) => ({
        id: AccessKeyId,
        createdAt: CreateDate,
        isActive: Status !== 'Inactive',
      }));
    },
    lastUsed: async (AccessKeyId) => {
      const { AccessKeyLastUsed } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
      return AccessKeyLastUsed?.LastUsedDate;
    },
    create: async (UserName) => {
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
      if (AccessKey?.AccessKeyId === undefined || AccessKey.SecretAccessKey === undefined)
        throw new Refusal(`IAM made no key for ${UserName} and did not say why: run it again`);
      return { id: AccessKey.AccessKeyId, secret: AccessKey.SecretAccessKey };
    },
    remove: async (UserName, AccessKeyId) => {
      await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    },
    read: async (Name) => {
      try {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
        return Parameter?.Value;
      } catch (error) {
        if (error instanceof ParameterNotFound) return undefined;
        throw error;
      }
    },
    write: async (Name, Value) => {
      await ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true }));
    },
    now: () => new Date(),
  };
}
