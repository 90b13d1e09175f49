/** The dependencies between migrations of all apps, and the plan of steps to a target. */
import { ImproperlyConfigured } from '#core/exceptions'
import { didYouMean } from '#core/utils'
import { keyOf, type Migration, type MigrationDependency, readableFile } from './migration.ts'

/** The state to migrate an app to: a migration, or null for before its first one. */
export type MigrationTarget = readonly [app: string, name: string | null]

export interface PlannedStep {
  readonly migration: Migration
  /** Whether the migration is unapplied. */
  readonly backwards: boolean
}

/** A migration is applied, but one of its dependencies is not. */
export class InconsistentMigrationHistory extends Error {
  override readonly name = 'InconsistentMigrationHistory'
}

type Edges = ReadonlyMap<string, ReadonlySet<string>>

/** The applied migrations, as `app.name`. */
export type AppliedKeys = Pick<ReadonlySet<string>, 'has'> & { keys(): Iterable<string> }

export class MigrationGraph {
  /** Labels of the apps with a migrations directory, in alphabetical order. */
  readonly migratedApps: readonly string[]
  readonly #installed: readonly string[]
  readonly #nodes: ReadonlyMap<string, Migration>
  readonly #parents: Edges
  readonly #children: Edges

  constructor(migrations: readonly Migration[], migratedApps: readonly string[], installed: readonly string[]) {
    this.migratedApps = migratedApps.toSorted()
    this.#installed = installed
    const inOrder = migrations.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    this.#nodes = new Map(inOrder.map((migration) => [migration.key, migration]))
    const parents = new Map(inOrder.map((migration) => [migration.key, new Set<string>()]))
    const children = new Map(inOrder.map((migration) => [migration.key, new Set<string>()]))
    const connect = (migration: Migration, dependency: MigrationDependency): void => {
      const parent = this.#resolved(migration, dependency)
      if (parent === undefined) return
      parents.get(migration.key)?.add(parent)
      children.get(parent)?.add(migration.key)
    }
    this.#parents = parents
    this.#children = children
    // Dependencies within apps come first: they determine which migrations `__first__` and `__latest__` refer to.
    const each = (own: boolean) => {
      for (const migration of inOrder) {
        for (const dependency of migration.dependencies) {
          if ((dependency[0] === migration.app) === own) connect(migration, dependency)
        }
      }
    }
    each(true)
    this.#refuseCycles()
    each(false)
    this.#refuseCycles()
  }

  get(key: string): Migration | undefined {
    return this.#nodes.get(key)
  }

  /** The migrations of an app in the order of their names. */
  of(app: string): Migration[] {
    return [...this.#nodes.values()].filter((migration) => migration.app === app)
  }

  /** The last migrations of an app, or of all apps: no migration of the same app depends on them. */
  leaves(app?: string): Migration[] {
    return this.#ends(this.#children, app)
  }

  /** The first migrations of an app: they depend on no migration of the same app. */
  roots(app: string): Migration[] {
    return this.#ends(this.#parents, app)
  }

  /** Whether a migration is a first one of its app. */
  isInitial(migration: Migration): boolean {
    return this.roots(migration.app).includes(migration)
  }

  /** Direct dependencies, in alphabetical order. */
  parentsOf({ key }: Migration): string[] {
    return [...(this.#parents.get(key) ?? [])].toSorted()
  }

  /** The migration of an app with the name `prefix`, or else all whose names begin with it. */
  matching(app: string, prefix: string): Migration[] {
    const exact = this.#nodes.get(keyOf([app, prefix]))
    return exact ? [exact] : this.of(app).filter(({ name }) => name.startsWith(prefix))
  }

  /** Apps with several last migrations, with their names. */
  conflicts(): Map<string, string[]> {
    const ends = this.migratedApps.map((app) => [app, this.leaves(app).map(({ name }) => name)] as const)
    return new Map(ends.filter(([, names]) => names.length > 1))
  }

  /** A migration and all that it depends on, in the order of application. */
  forwards(migration: Migration): Migration[] {
    return this.#reachable(migration, this.#parents)
  }

  /** A migration and all that depend on it, in the order in which they are unapplied. */
  backwards(migration: Migration): Migration[] {
    return this.#reachable(migration, this.#children)
  }

  /** The targets and all that they depend on, in the order of application. */
  all(targets: readonly Migration[] = this.leaves()): Migration[] {
    return [...new Set(targets.flatMap((leaf) => this.forwards(leaf)))]
  }

  /** The steps from the applied migrations to the targets. For an applied target, later migrations of its app are unapplied. */
  plan(targets: readonly MigrationTarget[], applied: AppliedKeys): PlannedStep[] {
    const done = new Set(applied.keys())
    const steps: PlannedStep[] = []
    const take = (migration: Migration, backwards: boolean): void => {
      if (done.has(migration.key) !== backwards) return
      if (backwards) done.delete(migration.key)
      else done.add(migration.key)
      steps.push({ migration, backwards })
    }
    for (const [app, name] of targets) {
      const target = name === null ? undefined : this.#nodes.get(keyOf([app, name]))
      if (target !== undefined && !done.has(target.key)) {
        for (const migration of this.forwards(target)) take(migration, false)
        continue
      }
      const first = target === undefined ? this.roots(app) : this.#nextInApp(target)
      for (const next of first) for (const migration of this.backwards(next)) take(migration, true)
    }
    return steps
  }

  /** @throws InconsistentMigrationHistory if a migration is applied and one of its dependencies is not */
  checkHistory(applied: AppliedKeys, alias: string): void {
    for (const key of applied.keys()) {
      // Unknown migrations were applied by another program.
      const missing = [...(this.#parents.get(key) ?? [])].find((parent) => !applied.has(parent))
      if (missing === undefined) continue
      throw new InconsistentMigrationHistory(
        `Migration ${key} is applied before its dependency ${missing} on database '${alias}'.`,
      )
    }
  }

  #nextInApp({ key, app }: Migration): Migration[] {
    return [...(this.#children.get(key) ?? [])].toSorted().flatMap((child) => {
      const migration = this.#nodes.get(child)
      return migration?.app === app ? [migration] : []
    })
  }

  #ends(edges: Edges, app?: string): Migration[] {
    const inApp = (key: string, label: string) => this.#nodes.get(key)?.app === label
    return [...this.#nodes.values()].filter(
      (migration) =>
        (app === undefined || migration.app === app) &&
        ![...(edges.get(migration.key) ?? [])].some((key) => inApp(key, migration.app)),
    )
  }

  #reachable(start: Migration, edges: Edges, found = new Set<Migration>()): Migration[] {
    if (found.has(start)) return []
    // As in Django, so that independent branches have the same order in plans.
    for (const key of [...(edges.get(start.key) ?? [])].toSorted().toReversed()) {
      this.#reachable(this.#nodes.get(key) as Migration, edges, found)
    }
    found.add(start)
    return [...found]
  }

  /** The key of a dependency; undefined for `__first__` and `__latest__` of an app without migrations. */
  #resolved(migration: Migration, dependency: MigrationDependency): string | undefined {
    const [app, name] = dependency
    const key = keyOf(dependency)
    if (this.#nodes.has(key)) return key
    const problem = (what: string): ImproperlyConfigured =>
      new ImproperlyConfigured(`${readableFile(migration.file)}: migration ${migration.key} depends on ${key}, ${what}`)
    if (!this.#installed.includes(app)) {
      throw problem(`but no installed app has the label '${app}'.${didYouMean(app, this.#installed)}`)
    }
    if (name === '__first__' || name === '__latest__') {
      if (app === migration.app || !this.migratedApps.includes(app)) return undefined
      const ends = name === '__first__' ? this.roots(app) : this.leaves(app)
      return ends[0]?.key
    }
    const names = this.of(app).map((each) => each.name)
    throw problem(`which does not exist.${didYouMean(name, names)}`)
  }

  #refuseCycles(): void {
    const safe = new Set<string>()
    const walk = (key: string, path: readonly string[]): void => {
      if (safe.has(key)) return
      const at = path.indexOf(key)
      if (at >= 0) {
        const circle = [...path.slice(at), key]
        const files = path.slice(at).map((each) => readableFile(this.#nodes.get(each)?.file ?? ''))
        throw new ImproperlyConfigured(
          `Migrations depend on each other in a circle: ${circle.join(' → ')}. Remove a dependency from one of these files: ${files.join(', ')}.`,
        )
      }
      for (const parent of this.#parents.get(key) ?? []) walk(parent, [...path, key])
      safe.add(key)
    }
    for (const key of this.#nodes.keys()) walk(key, [])
  }
}
