import { type ChildProcess, spawn } from 'node:child_process';
import { type Socket } from 'node:net';

/**
 * Makes a child process end when this one does, however this one ends, and keeps neither alive for the other.
 * A test runner that is killed runs no exit handlers, and a test sandbox may hide `process.on('exit')`: so a shell waits
 * on a pipe that the operating system closes with this process, and then ends the child.
 */
export function endWithThisProcess(child: ChildProcess): void {
  child.unref();
  (child.stderr as Partial<Socket> | null)?.unref?.();
  if (process.platform === 'win32') {
    process.once('exit', () => child.kill('SIGKILL'));
    return;
  }
  const guard = spawn('/bin/sh', ['-c', `read _; kill -9 ${child.pid}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  // In Bun it is not a socket, and keeps nothing alive.
  (guard.stdin as unknown as Partial<Socket>).unref?.();
  // The process id may be given to somebody else as soon as the child is gone.
  child.once('exit', () => guard.kill('SIGKILL'));
}
