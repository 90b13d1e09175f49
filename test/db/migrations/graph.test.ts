/** The graph of migrations: order, plans, and errors in the graph. */
import { expect } from 'chai'
import { type Migration, type MigrationDependency, MigrationGraph, type MigrationTarget } from '#core/db'

const migration = (key: string, ...dependencies: string[]): Migration => {
  const [app = '', name = ''] = key.split('.')
  return {
    app,
    name,
    key,
    file: `${process.cwd()}/apps/${app}/migrations/${name}.ts`,
    dependencies: dependencies.map((each) => each.split('.') as unknown as MigrationDependency),
    operations: [],
    atomic: true,
    up: () => undefined,
    down: () => undefined,
  }
}

const graphOf = (...migrations: Migration[]): MigrationGraph => {
  const labels = [...new Set(migrations.map(({ app }) => app))]
  return new MigrationGraph(migrations, labels, [...labels, 'bare'])
}

/** Django's first apps, shortened. */
const site = graphOf(
  migration('sessions.0001_initial'),
  migration('contenttypes.0001_initial'),
  migration('contenttypes.0002_remove_name', 'contenttypes.0001_initial'),
  migration('auth.0001_initial', 'contenttypes.__first__'),
  migration('auth.0002_permission', 'auth.0001_initial'),
  migration('auth.0003_user', 'auth.0002_permission', 'contenttypes.0002_remove_name'),
  migration('admin.0001_initial', 'auth.0001_initial', 'contenttypes.__first__'),
)

const plan = (graph: MigrationGraph, targets: MigrationTarget[], applied: string[]): string[] =>
  graph.plan(targets, new Set(applied)).map((step) => `${step.backwards ? '-' : '+'}${step.migration.key}`)

const everything = site.all().map(({ key }) => key)

describe('the graph of migrations', () => {
  it('orders every migration after its dependencies, and otherwise as Django does', () => {
    expect(everything).to.deep.equal([
      'contenttypes.0001_initial',
      'auth.0001_initial',
      'admin.0001_initial',
      'contenttypes.0002_remove_name',
      'auth.0002_permission',
      'auth.0003_user',
      'sessions.0001_initial',
    ])
    for (const each of site.all()) {
      for (const parent of site.parentsOf(each)) {
        expect(everything.indexOf(parent)).to.be.lessThan(everything.indexOf(each.key))
      }
    }
  })

  it('finds the roots and leaves of apps', () => {
    expect(site.leaves().map(({ key }) => key)).to.deep.equal([
      'admin.0001_initial',
      'auth.0003_user',
      'contenttypes.0002_remove_name',
      'sessions.0001_initial',
    ])
    expect(site.roots('auth').map(({ key }) => key)).to.deep.equal(['auth.0001_initial'])
  })

  it('plans unapplied migrations with their dependencies', () => {
    expect(plan(site, [['auth', '0001_initial']], [])).to.deep.equal([
      '+contenttypes.0001_initial',
      '+auth.0001_initial',
    ])
    expect(plan(site, [['auth', '0002_permission']], ['contenttypes.0001_initial', 'auth.0001_initial'])).to.deep.equal(
      ['+auth.0002_permission'],
    )
    expect(plan(site, [['auth', '0003_user']], everything)).to.deep.equal([])
  })

  it('reverses the migrations of an app after the target, with their dependents', () => {
    expect(plan(site, [['auth', '0001_initial']], everything)).to.deep.equal([
      '-auth.0003_user',
      '-auth.0002_permission',
    ])
    expect(plan(site, [['contenttypes', '0001_initial']], everything)).to.deep.equal([
      '-auth.0003_user',
      '-contenttypes.0002_remove_name',
    ])
  })

  it('reverses all migrations of an app for `zero`, with their dependents', () => {
    const steps = plan(site, [['contenttypes', null]], everything)
    expect(steps.at(-1)).to.equal('-contenttypes.0001_initial')
    expect(steps).to.have.lengthOf(6).and.not.include('-sessions.0001_initial')
    expect(plan(site, [['sessions', null]], [])).to.deep.equal([])
  })

  it('ignores records of missing migrations', () => {
    site.checkHistory(new Set(['somewhere.0001_else', ...everything]), 'default')
    expect(plan(site, [['sessions', '0001_initial']], ['somewhere.0001_else'])).to.deep.equal([
      '+sessions.0001_initial',
    ])
  })

  it('refuses a history in which a migration is applied before its dependency', () => {
    expect(() => site.checkHistory(new Set(['auth.0002_permission']), 'default')).to.throw(
      "Migration auth.0002_permission is applied before its dependency auth.0001_initial on database 'default'.",
    )
  })

  it('finds migrations by name or prefix, an exact name first', () => {
    const graph = graphOf(
      migration('a.0001_one'),
      migration('a.0001_one_more', 'a.0001_one'),
      migration('a.0002', 'a.0001_one_more'),
    )
    const names = (prefix: string) => graph.matching('a', prefix).map(({ name }) => name)
    expect(names('0001')).to.deep.equal(['0001_one', '0001_one_more'])
    expect(names('0001_one')).to.deep.equal(['0001_one'])
    expect(names('0002')).to.deep.equal(['0002'])
    expect(names('3')).to.deep.equal([])
  })

  it('finds an app with several leaves', () => {
    const graph = graphOf(migration('a.0001'), migration('a.0002_b', 'a.0001'), migration('a.0002_a', 'a.0001'))
    expect([...graph.conflicts()]).to.deep.equal([['a', ['0002_a', '0002_b']]])
    expect(site.conflicts().size).to.equal(0)
  })

  it('ignores the leaves of an app without migrations', () => {
    expect(graphOf(migration('a.0001', 'bare.__first__', 'bare.__latest__')).all()).to.have.lengthOf(1)
  })

  it('resolves __latest__ to the leaf of an app', () => {
    const graph = graphOf(migration('a.0001', 'b.__latest__'), migration('b.0001'), migration('b.0002', 'b.0001'))
    expect(graph.all().map(({ key }) => key)).to.deep.equal(['b.0001', 'b.0002', 'a.0001'])
  })

  it('names the file that depends on a missing migration', () => {
    expect(() => graphOf(migration('a.0001_initial'), migration('a.0002', 'a.0001_inital'))).to.throw(
      "apps/a/migrations/0002.ts: migration a.0002 depends on a.0001_inital, which does not exist. Did you mean '0001_initial'?",
    )
  })

  it('names the file that depends on a missing app', () => {
    expect(() => graphOf(migration('auth.0001'), migration('b.0001', 'auht.0001'))).to.throw(
      "apps/b/migrations/0001.ts: migration b.0001 depends on auht.0001, but no installed app has the label 'auht'. Did you mean 'auth'?",
    )
  })

  it('names every file of a cycle, also across apps', () => {
    expect(() =>
      graphOf(migration('a.0001', 'b.0001'), migration('b.0001', 'c.0001'), migration('c.0001', 'a.0001')),
    ).to.throw(/circle: a\.0001 → b\.0001 → c\.0001 → a\.0001\..*apps\/a\/migrations\/0001\.ts, apps\/b\/.*, apps\/c\//)
    expect(() => graphOf(migration('a.0001', 'a.0001'))).to.throw('circle: a.0001 → a.0001')
  })
})
