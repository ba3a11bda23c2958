import { SpanStatusCode, type Span } from '@opentelemetry/api';
import { ERROR_TYPE, errorMessage, errorType } from './conventions';

/** Says that what a span tells of has failed. @param description what others may know of it */
export function markFailed(span: Span, error: unknown, code: number | undefined, description?: string): void {
  const type = errorType(error, code);
  span.setAttribute(ERROR_TYPE, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: description ?? errorMessage(error) });
  if (error !== undefined) span.recordException(exceptionOf(error));
}

/** A copy: an error may throw where it is looked at. */
function exceptionOf(error: unknown): { name: string; message: string; stack?: string } {
  const named = { name: errorType(error, undefined), message: errorMessage(error) };
  try {
    const { stack } = error as { stack: unknown };
    return typeof stack === 'string' ? { ...named, stack } : named;
  } catch {
    return named;
  }
}
