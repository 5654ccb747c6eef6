const SECRET_NAME = /(SECRET|TOKEN|PASSWORD|PASSPHRASE|PRIVATE_KEY|CREDENTIAL|_KEY$)/i;
const SECRET_SETTING = /^[^=]*(secret|token|password|access_key|sas|conn_str)[^=]*=(.+)$/is;

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the values of the environment that are secrets by their name, and those in settings of the backend. */
export function listEnvironmentSecrets(environment: Environment, backendConfig: readonly string[]): string[] {
  const named = Object.entries(environment).filter(([name]) => SECRET_NAME.test(name));
  const settings = backendConfig.flatMap((setting) => SECRET_SETTING.exec(setting)?.[2] ?? []);
  return [...named.map(([, value]) => value ?? ''), ...settings].filter((value) => value !== '');
}

/** Returns the values given to variables by the environment: without a plan it is not known which are sensitive. */
export function listVariableValues(environment: Environment): string[] {
  const given = Object.entries(environment).filter(([name]) => name.startsWith('TF_VAR_'));
  return given.flatMap(([, value]) => (value === undefined || value === '' ? [] : [value]));
}
