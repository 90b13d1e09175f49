/** What an installed app is: its name, its label, its folder, and what it does when everything is loaded. */

export interface ModelName {
  /** The class's name: `LogEntry`. */
  readonly name: string
  /** As people write it: `log entry`; made of the name when absent. */
  readonly verboseName?: string
}

/** Subclass it in an app's `apps.ts` to give the app another label or something to do at start. */
export class AppConfig {
  /** Dotted name of the app's folder: `apps.polls`. */
  readonly name: string
  /** Folder of the app, absolute. */
  readonly path: string
  /** Short name, unique in the project, by which commands and migrations know the app. */
  label: string
  verboseName: string
  /** The app's models, for content types and permissions: `['Poll', { name: 'LogEntry', verboseName: 'entry' }]`. */
  readonly models: readonly (string | ModelName)[] = []

  constructor(name: string, path: string) {
    this.name = name
    this.path = path
    this.label = name.slice(name.lastIndexOf('.') + 1)
    this.verboseName = this.label.charAt(0).toUpperCase() + this.label.slice(1).replaceAll('_', ' ')
  }

  /** Runs once, when all apps are known: the place to register checks and signals. */
  ready(): void | Promise<void> {}
}
