/**
 * Where the object store is and who asks it, by the variables and files that the tools of AWS read: environment first,
 * then the profile.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers" and "Service-specific endpoints".
 *
 * @module
 */
import { loadBuiltinModule } from "../platform/builtin.ts";
import { optionalVariable } from "../platform/permissions.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** Keys of a user. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A store and its user. */
export interface StoreSettings {
  /** Address of the store; that of AWS in the region by default. */
  readonly endpoint?: string;
  readonly region: string;
  /** Without them, requests are not signed, which public buckets allow. */
  readonly credentials?: Credentials;
}

/** What settings are read from. */
export interface SettingsSource {
  /** Reads a variable; undefined if it is not set. */
  readonly variable: (name: string) => string | undefined;
  /** Reads a file; undefined if there is none. */
  readonly file: (path: string) => Promise<string | undefined>;
}

/** This process's environment and files. */
export const HERE: SettingsSource = {
  variable: (name) =>
    "Deno" in globalThis
      ? optionalVariable(name)
      : (globalThis as { process?: { env?: Record<string, string> } }).process?.env?.[name] || undefined,
  file: async (path) => {
    const files = await loadBuiltinModule("node:fs/promises") as
      | { readFile(path: string, encoding: "utf8"): Promise<string> }
      | undefined;
    return await files?.readFile(path, "utf8").catch(() => undefined);
  },
};

type Section = Readonly<Record<string, string>>;

/**
 * Reads the settings.
 *
 * @throws {RangeError} When the profile does not exist, or gets its keys in a way that only AWS's own tools know.
 */
export async function readStoreSettings({ variable, file }: SettingsSource = HERE): Promise<StoreSettings> {
  const home = variable("HOME") ?? variable("USERPROFILE") ?? "";
  const named = variable("AWS_PROFILE") ?? variable("AWS_DEFAULT_PROFILE");
  const name = named ?? "default";
  const config = sections(await file(variable("AWS_CONFIG_FILE") ?? `${home}/.aws/config`) ?? "");
  const secret = sections(
    await file(variable("AWS_SHARED_CREDENTIALS_FILE") ?? `${home}/.aws/credentials`) ?? "",
  );
  const profile = { ...config.get(name === "default" ? name : `profile ${name}`), ...secret.get(name) };
  const known = config.has(`profile ${name}`) || config.has(name) || secret.has(name);
  const credentials = credentialsIn((key) => variable(key.toUpperCase())) ??
    credentialsIn((key) => profile[key]);
  if (named !== undefined && !known && credentials === undefined) {
    throw new RangeError(`Cannot find the profile ${name} of AWS_PROFILE in ~/.aws/config or credentials`);
  }
  const elsewhere = ["sso_session", "sso_start_url", "role_arn", "credential_process"].find((key) =>
    key in profile
  );
  if (credentials === undefined && elsewhere !== undefined) {
    throw new RangeError(
      `Cannot get keys by ${elsewhere} of the profile ${name}: set them with ` +
        'eval "$(aws configure export-credentials --format env)"',
    );
  }
  const region = variable("AWS_REGION") ?? variable("AWS_DEFAULT_REGION") ?? profile["region"] ?? "us-east-1";
  const endpoint = variable("AWS_ENDPOINT_URL_S3") ?? variable("AWS_ENDPOINT_URL") ?? profile["endpoint_url"];
  if (endpoint !== undefined && !/^https?:\/\/./i.test(endpoint)) {
    throw new RangeError(`Cannot use the endpoint ${endpoint}: it must begin with https:// or http://`);
  }
  return { region, ...withoutUndefined({ endpoint, credentials }) };
}

function credentialsIn(read: (key: string) => string | undefined): Credentials | undefined {
  const [accessKeyId, secretAccessKey] = [read("aws_access_key_id"), read("aws_secret_access_key")];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return {
    accessKeyId,
    secretAccessKey,
    ...withoutUndefined({ sessionToken: read("aws_session_token") }),
  };
}

/** The sections of a file; settings of a service, which are indented, are left out. */
function sections(text: string): Map<string, Section> {
  const found = new Map<string, Record<string, string>>();
  let section: Record<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const head = /^\[\s*([^\]]+?)\s*\]/.exec(line);
    if (head !== null) {
      section = found.get(head[1]!) ?? {};
      found.set(head[1]!, section);
      continue;
    }
    const entry = /^([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (entry !== null && section !== undefined) section[entry[1]!.toLowerCase()] = entry[2]!;
  }
  return found;
}
