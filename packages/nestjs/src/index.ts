export * from './bridge';
export { NatsmithModule, NatsmithServices, type NatsmithModuleOptions } from './module';
