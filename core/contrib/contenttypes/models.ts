/** `ContentType`: the models of all apps, each with a number of its own. */
import type { Knex } from 'knex'
import { connections, DEFAULT_ALIAS } from '#core/db'

interface Row {
  id: number
  app_label: string
  model: string
}

/** No content type of that label and model. */
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

  /** The same on another database. */
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

  /** Adds those that are not there; one that another process adds meanwhile is no error. */
  async ensure(models: readonly { appLabel: string; model: string }[]): Promise<void> {
    for (const { appLabel, model } of models) {
      await this.#rows().insert({ app_label: appLabel, model }).onConflict(['app_label', 'model']).ignore()
    }
  }
}

const manager = new ContentTypeManager()
