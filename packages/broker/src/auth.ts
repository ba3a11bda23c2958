import type { BrokerUser, Permissions } from './options';
import type { Settings } from './settings';
import { matches } from './subjects';

/** The part of CONNECT that says who the client is. */
export interface Credentials {
  readonly user?: string;
  readonly pass?: string;
  readonly auth_token?: string;
}

/** What one connection may do, in byte strings as the parser makes them. */
export class Grant {
  constructor(
    private readonly permissions: Permissions = {},
    readonly user?: string,
  ) {}

  mayPublish(subject: string): boolean {
    return allowed(this.permissions.publish, subject);
  }

  maySubscribe(subject: string): boolean {
    return allowed(this.permissions.subscribe, subject);
  }

  /** Asked for each message, since a wildcard subscription may reach into what is denied. */
  mayReceive(subject: string): boolean {
    return !this.permissions.subscribe?.deny?.some((pattern) => matches(pattern, subject));
  }
}

/** Lets clients in by user and password, by token, or all of them when neither is set. */
export class Authenticator {
  /** Whether clients have to show credentials. */
  readonly required: boolean;
  private readonly grants: Map<string, { pass: string; grant: Grant }>;

  constructor(private readonly settings: Pick<Settings, 'token' | 'users'>) {
    this.required = settings.token !== undefined || settings.users.length > 0;
    this.grants = new Map(
      settings.users.map((user) => [user.user, { pass: user.pass, grant: new Grant(toBytes(user), user.user) }]),
    );
  }

  /** What these credentials grant, or undefined if they are wrong. */
  admit({ user = '', pass, auth_token }: Credentials): Grant | undefined {
    if (!this.required) return new Grant();
    if (this.settings.token !== undefined) return auth_token === this.settings.token ? new Grant() : undefined;
    const known = this.grants.get(user);
    return known?.pass === pass ? known?.grant : undefined;
  }
}

function allowed(rules: Permissions['publish'], subject: string): boolean {
  const inRules = (pattern: string): boolean => matches(pattern, subject);
  return (rules?.allow?.some(inRules) ?? true) && !rules?.deny?.some(inRules);
}

function toBytes({ permissions }: BrokerUser): Permissions {
  const convert = (rules: Permissions['publish']): Permissions['publish'] => ({
    allow: rules?.allow?.map(byteString),
    deny: rules?.deny?.map(byteString),
  });
  return { publish: convert(permissions?.publish), subscribe: convert(permissions?.subscribe) };
}

function byteString(text: string): string {
  return Buffer.from(text).toString('latin1');
}
