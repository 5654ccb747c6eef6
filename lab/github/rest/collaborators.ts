import type { Handlers, RestContext, Role } from '#lab/github/rest/call.ts';
import { refuse } from '#lab/github/rest/call.ts';
import { describeUser } from '#lab/github/rest/describe.ts';

/** "The `maintain` role is mapped to `write` and the `triage` role is mapped to `read`." */
const PERMISSIONS: Readonly<Record<Role, string>> = {
  admin: 'admin',
  maintain: 'write',
  write: 'write',
  triage: 'read',
  read: 'read',
};

/** What a person may do. https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user */
export function collaboratorHandlers(context: RestContext): Handlers {
  return {
    'repos/get-collaborator-permission-level': ({ parameters }) => {
      const login = String(parameters['username']);
      if (login.endsWith('[bot]')) return refuse(404, `${login} is not a user`);
      const role = context.collaborators.get(login);
      const permission = role === undefined ? 'none' : PERMISSIONS[role];
      const user = { ...describeUser(context, login), role_name: role ?? 'none', permissions: describeRights(role) };
      return { status: 200, body: { permission, role_name: role ?? 'none', user } };
    },
  };
}

const ORDER: readonly (Role | undefined)[] = [undefined, 'read', 'triage', 'write', 'maintain', 'admin'];

function describeRights(role: Role | undefined): Record<string, boolean> {
  const level = ORDER.indexOf(role);
  const names = ['pull', 'triage', 'push', 'maintain', 'admin'];
  return Object.fromEntries(names.map((name, index) => [name, level > index]));
}
