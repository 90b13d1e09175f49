/** `ContentType`: a row for each model of the installed apps, created after each `migrate`. */
import type { Knex } from 'knex'
import { appliedMigrations, connections, DEFAULT_ALIAS, type MigrateEvent } from '#core/db'
import { type AppConfig, apps, type ModelName } from '#core/apps'

interface Row {
  id: number
  app_label: string
  model: string
}

/** No content type has this app label and model. */
export class ContentTypeDoesNotExist extends Error {
  override readonly name = 'ContentTypeDoesNotExist'
}

export class ContentType {
  static get objects(): ContentTypeManager {
    return manager
  }

  readonly id: number
  readonly appLabel: string
  /** Lower case: `logentry`. */
  readonly model: string

  constructor(row: Row) {
    this.id = row.id
    this.appLabel = row.app_label
    this.model = row.model
  }

  toString(): string {
    return `${this.appLabel} | ${this.model}`
  }
}

export class ContentTypeManager {
  readonly alias: string

  constructor(alias: string = DEFAULT_ALIAS) {
    this.alias = alias
  }

  /** The same manager for another database. */
  using(alias: string): ContentTypeManager {
    return new ContentTypeManager(alias)
  }

  #rows(): Knex.QueryBuilder<Row> {
    return connections.get(this.alias)<Row>('django_content_type')
  }

  /** @throws ContentTypeDoesNotExist */
  async getByNaturalKey(appLabel: string, model: string): Promise<ContentType> {
    const row = (await this.#rows().where({ app_label: appLabel, model }).first()) as Row | undefined
    if (row !== undefined) return new ContentType(row)
    throw new ContentTypeDoesNotExist(
      `There is no content type ${appLabel}.${model}: is the app installed and migrated?`,
    )
  }

  async filter(where: { appLabel?: string; model?: string } = {}): Promise<ContentType[]> {
    const columns = {
      ...(where.appLabel !== undefined && { app_label: where.appLabel }),
      ...(where.model !== undefined && { model: where.model }),
    }
    const rows = (await this.#rows().where(columns).orderBy('id')) as Row[]
    return rows.map((row) => new ContentType(row))
  }

  all(): Promise<ContentType[]> {
    return this.filter()
  }

  /** Inserts missing content types. Rows that another process inserts concurrently are ignored. */
  async ensure(models: readonly { appLabel: string; model: string }[]): Promise<void> {
    for (const { appLabel, model } of models) {
      await this.#rows().insert({ app_label: appLabel, model }).onConflict(['app_label', 'model']).ignore()
    }
  }
}

const manager = new ContentTypeManager()

// The models of the installed apps, each with a row in django_content_type.

/** `log entry` for `LogEntry`, as Django's camel_case_to_spaces. */
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

/** The models that an AppConfig names. */
export function modelsOf(config: AppConfig): AppModel[] {
  return config.models.map((each) => {
    const { name, verboseName }: ModelName = typeof each === 'string' ? { name: each } : each
    return { appLabel: config.label, model: name.toLowerCase(), verboseName: verboseName ?? spaced(name) }
  })
}

/** The models of the app with a label; empty if it is not installed. */
export function modelsOfApp(label: string): AppModel[] {
  const config = apps.getAppConfigs().find((each) => each.label === label)
  return config === undefined ? [] : modelsOf(config)
}

// After `migrate`, creates a content type for each model of each installed app.

/** Adds the missing content types of an app. Does nothing until contenttypes.0002 has made the table final. */
export async function createContentTypes({ app, alias }: MigrateEvent): Promise<void> {
  const models = modelsOfApp(app)
  if (models.length === 0) return
  const applied = await appliedMigrations(connections.database(alias))
  if (!applied.has('contenttypes.0002_remove_content_type_name')) return
  const objects = ContentType.objects.using(alias)
  const there = new Set((await objects.filter({ appLabel: app })).map(({ model }) => model))
  await objects.ensure(models.filter(({ model }) => !there.has(model)))
}
