import { Command } from 'commander';
export function completion(): Command {
  return new Command('completion');
}
