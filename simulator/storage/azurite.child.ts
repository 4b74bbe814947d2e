/**
 * The process that Azurite runs in: Azurite's own program, plus the end of it when the parent is gone.
 * Started by azurite.ts with Azurite's arguments and an IPC channel; the channel closes however the parent dies.
 */
process.once('disconnect', () => process.exit(0));
// Azurite answers SIGTERM by closing its services and files; the channel must not hold the process after that.
process.once('SIGTERM', () => process.channel?.unref());
// No channel: started by hand, or the parent died before this line.
if (!process.connected) process.exit(0);

// @ts-expect-error Azurite's program has no types: importing it starts it.
await import('azurite/dist/src/azurite.js');
