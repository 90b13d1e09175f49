/** Commands: `execute` for manage.ts, `callCommand` for code, `BaseCommand` for a command of one's own. */
export { ask } from './ask.ts'
export {
  type ArgumentParser,
  appended,
  BaseCommand,
  CommandError,
  type CommandIo,
  type CommonOptions,
  type Style,
  SystemCheckError,
  type Terminal,
} from './base.ts'
export { type CallOptions, callCommand } from './call.ts'
export { execute, type ExecuteOptions } from './execute.ts'
export { colorStyle, noStyle } from './style.ts'
export { ListeningTerminal } from './terminal.ts'
