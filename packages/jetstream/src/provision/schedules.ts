/** What the subjects of a stream's schedules begin with: those of events that are delivered later. */
export function scheduleSubject(streamName: string): string {
  return `_at.${streamName}`;
}
