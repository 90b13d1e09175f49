/** The models of the installed apps: a row in django_content_type each. */
import { type AppConfig, apps, type ModelName } from '#core/apps'

/** `LogEntry` as Django's camel_case_to_spaces has it: `log entry`. */
const spaced = (name: string): string =>
  name
    .replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
    .trim()
    .toLowerCase()

export interface AppModel {
  readonly appLabel: string
  /** Lower case: `logentry`. */
  readonly model: string
  readonly verboseName: string
}

/** The models of an app: those that its AppConfig names. */
export function modelsOf(config: AppConfig): AppModel[] {
  return config.models.map((each) => {
    const { name, verboseName }: ModelName = typeof each === 'string' ? { name: each } : each
    return { appLabel: config.label, model: name.toLowerCase(), verboseName: verboseName ?? spaced(name) }
  })
}

/** The models of the app of a label; none where no such app is installed. */
export function modelsOfApp(label: string): AppModel[] {
  const config = apps.getAppConfigs().find((each) => each.label === label)
  return config === undefined ? [] : modelsOf(config)
}
