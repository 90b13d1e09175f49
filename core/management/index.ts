/** Commands: `execute` for manage.ts, `callCommand` for code, and `BaseCommand` for commands of apps. */
export { ask, colorStyle, ListeningTerminal, noStyle } from './terminal.ts'
export {
  appended,
  type ArgumentParser,
  BaseCommand,
  CommandError,
  type CommandIo,
  type CommonOptions,
  type Style,
  SystemCheckError,
  type Terminal,
} from './base.ts'
export { callCommand, type CallOptions } from './call.ts'
export { execute, type ExecuteOptions } from './execute.ts'
