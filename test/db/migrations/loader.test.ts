/** Migrations are the files in the `migrations/` folders of the apps. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { loadMigrations } from '#core/db'
import { creating, type Migrations, projectWith } from './project.ts'

const load = async (migrations: Migrations) => {
  const project = projectWith(migrations)
  try {
    return await loadMigrations(project.configs)
  } finally {
    project.remove()
  }
}

const failure = (migrations: Migrations): Promise<string> =>
  load(migrations).then(
    () => 'no failure',
    (error: Error) => `${error.name}: ${error.message}`,
  )

describe('loading migrations', () => {
  before(() => setup())

  it('finds those of every app, and ignores other files', async () => {
    const graph = await load({
      polls: {
        '0001_initial': creating('polls_question'),
        '0002_choice': creating('polls_choice', [['polls', '0001_initial']]),
        _helper: 'export const x = 1',
        'index.ts': 'export const x = 1',
        'notes.md': '',
        '0001_initial.d.ts': 'export declare const x: 1',
        '0003_old.test.ts': 'throw new Error()',
      },
      blog: { '0001_initial': creating('blog_post', [['polls', '__latest__']]) },
      bare: {},
    })
    expect(graph.all().map(({ key }) => key)).to.deep.equal([
      'polls.0001_initial',
      'polls.0002_choice',
      'blog.0001_initial',
    ])
    expect(graph.migratedApps).to.deep.equal(['blog', 'polls'])
    expect(graph.get('polls.0002_choice')).to.include({ app: 'polls', name: '0002_choice', atomic: true })
    expect(graph.get('polls.0002_choice')?.operations).to.deep.equal(['Create table polls_choice'])
  })

  it('finds the one of sessions', async () => {
    expect((await loadMigrations()).get('sessions.0001_initial')?.operations).to.deep.equal(['Create model Session'])
  })

  const wrong: [string, string, string][] = [
    ['no up', 'export const down = () => {}', '`up` should be an exported function of (db), found undefined.'],
    [
      'an invalid down',
      "export const up = () => {}\nexport const down = 'no'",
      '`down` should be a function of (db), found "no".',
    ],
    [
      'a dependency that is a string',
      "export const up = () => {}\nexport const dependencies = ['a.0001']",
      "`dependencies` should be a list of pairs such as ['auth', '0001_initial'], found [\"a.0001\"].",
    ],
    [
      'invalid operations',
      'export const up = () => {}\nexport const operations = [1]',
      '`operations` should be a list of strings, found [1].',
    ],
    [
      'an atomic that is neither',
      'export const up = () => {}\nexport const atomic = 1',
      '`atomic` should be true or false, found 1.',
    ],
  ]
  for (const [what, source, message] of wrong) {
    it(`names the file with ${what}`, async () => {
      const error = await failure({ polls: { '0001_initial': source } })
      expect(error).to.include('apps/polls/migrations/0001_initial.ts: ').and.include(message)
      expect(error).to.match(/^ImproperlyConfigured/)
    })
  }
})
