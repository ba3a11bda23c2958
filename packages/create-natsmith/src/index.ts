export type { Choices } from './choices';
export { CLIENT_LIBRARY_NAMES, type ClientLibrary } from './client-library';
export { createProject, type CreatedProject, type CreateOptions } from './create-project';
export { PACKAGE_MANAGER_NAMES, type PackageManager } from './package-manager';
export { projectNameProblem } from './project-name';
export { TEMPLATE_NAMES, type TemplateName } from './templates';
