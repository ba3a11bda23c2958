import { type Logger } from '@natsmith/core';

/** A logger that keeps what it is told. */
export class Log implements Logger {
  readonly lines: { level: string; details: Record<string, unknown>; message: string }[] = [];

  readonly debug = this.level('debug');
  readonly info = this.level('info');
  readonly warn = this.level('warn');
  readonly error = this.level('error');

  isLevelEnabled(): boolean {
    return true;
  }

  /** The details of the lines of a level whose message matches. */
  find(level: string, message: RegExp): Record<string, unknown>[] {
    return this.lines
      .filter((line) => line.level === level && message.test(line.message))
      .map(({ details }) => details);
  }

  private level(level: string): (details: object, message: string) => void {
    return (details, message) => this.lines.push({ level, details: details as Record<string, unknown>, message });
  }
}
