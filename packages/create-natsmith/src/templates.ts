/** What can be made, and a first call of it in the words of the natsmith command. */
export const TEMPLATES = {
  basic: {
    summary: 'one service with class-validator, and its test',
    call: `call greeter hello '{"name":"Ann"}'`,
  },
  full: {
    summary: 'two services with container, middleware, typed calls, a stream, Docker and Kubernetes',
    call: `call stock take '[{"article":"apple","quantity":1}]'`,
  },
  client: {
    summary: 'a program that finds services and calls them',
    call: undefined,
  },
  zod: {
    summary: 'one service with standard decorators and zod, and its test',
    call: `call greeter hello '{"name":"Ann"}'`,
  },
} as const satisfies Record<string, { summary: string; call: string | undefined }>;

/** The name of a template. */
export type TemplateName = keyof typeof TEMPLATES;

/** The templates that a project can be made from. */
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as TemplateName[];
