import { Command } from 'commander';
export function completionServer(): Command {
  return new Command('completion-server');
}
