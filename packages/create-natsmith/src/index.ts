export type { Choices } from './choices';
export { createProject, type CreatedProject, type CreateOptions } from './create-project';
export { PACKAGE_MANAGER_NAMES, type PackageManager } from './package-manager';
export { projectNameProblem } from './project-name';
export { TEMPLATE_NAMES, type TemplateName } from './templates';
