import { type Logger } from '@natsmith/core';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>> & { readonly err?: Error };
}

/** A logger that keeps its lines. */
export class Log implements Logger {
  readonly lines: LogLine[] = [];

  constructor(private readonly debugs = false) {}

  debug = (details: object, message: string) =>
    void this.lines.push({ level: 'debug', message, details: { ...details } });
  info = (details: object, message: string) =>
    void this.lines.push({ level: 'info', message, details: { ...details } });
  warn = (details: object, message: string) =>
    void this.lines.push({ level: 'warn', message, details: { ...details } });
  error = (details: object, message: string) =>
    void this.lines.push({ level: 'error', message, details: { ...details } });

  isLevelEnabled(level: string): boolean {
    return level !== 'debug' || this.debugs;
  }

  of(level: LogLine['level']): LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  /** What went wrong, in one text, to look for words in. */
  get problems(): string {
    return [...this.of('warn'), ...this.of('error')]
      .map(({ message, details }) => `${message} ${details.err?.message ?? ''}`)
      .join('\n');
  }
}
