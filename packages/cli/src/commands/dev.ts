import { Command } from 'commander';
export function dev(): Command {
  return new Command('dev');
}
