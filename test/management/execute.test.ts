/** execute: the command for a name, its options, and the report of errors. */
import { expect } from 'chai'
import { execute, ListeningTerminal } from '#core/management'
import { TestProject, settingsText } from './processes.ts'

async function run(root: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
  const code = await execute(argv, { root, stdout, stderr })
  return { code, out: stdout.text, err: stderr.text }
}

const command = (help: string, body: string): string => `import { BaseCommand, CommandError } from '#core/management'
export default class Command extends BaseCommand {
  help = '${help}'
  requiresSetup = false
  addArguments(parser) {
    parser.argument('<first_name>', 'a name').argument('[other_names...]', 'more names').option('--dry-run', 'only tell')
  }
  async handle(options) { ${body} }
}
`

describe('execute', () => {
  let project: TestProject

  before(() => {
    project = new TestProject({
      'settings.ts': settingsText({ INSTALLED_APPS: "['apps.first', 'apps.second.apps.SecondConfig']" }),
      'apps/first/management/commands/greet.ts': command(
        'Greets.',
        'this.stdout.write(JSON.stringify(Object.entries(options).toSorted()))',
      ),
      'apps/first/management/commands/version.ts': command('Ours.', ''),
      'apps/first/management/commands/not_one.ts': 'export default 7\n',
      'apps/first/management/commands/_helper.ts': '',
      'apps/second/apps.ts': '',
      'apps/second/management/commands/greet.ts': command('Hidden.', ''),
      'apps/second/management/commands/fail.ts': command(
        'Fails.',
        "throw new CommandError('It cannot be done.', { exitCode: 3 })",
      ),
    })
  })
  after(() => project.remove())

  it('lists commands by app, an earlier app before a later one, and all apps before core', async () => {
    const { code, out, err } = await run(project.root, 'help')
    expect({ code, err }).to.deep.equal({ code: 0, err: '' })
    const groups = out.split('\n\n').filter((group) => group.startsWith('['))
    expect(groups.map((group) => group.split('\n')[0])).to.deep.equal(['[core]', '[first]', '[second]'])
    expect(groups[1]).to.equal('[first]\n    greet\n    not_one\n    version')
    expect(groups[2]?.trimEnd()).to.equal('[second]\n    fail')
    expect(groups[0]).to.contain('    check\n').and.not.contain('version')
  })

  it('lists only the names for help --commands', async () => {
    const { out } = await run(project.root, 'help', '--commands')
    expect(out.split('\n')).to.include.members(['check', 'fail', 'greet', 'runserver'])
  })

  it('prints the help without a command', async () => {
    expect(await run(project.root)).to.deep.equal(await run(project.root, 'help'))
    expect(await run(project.root, '-h')).to.deep.equal(await run(project.root, '--help'))
  })

  it('passes options in camelCase', async () => {
    const { code, out } = await run(project.root, 'greet', 'Ann', '--dry-run', 'Bob', 'Cy', '-v', '2')
    expect(code).to.equal(0)
    expect(Object.fromEntries(JSON.parse(out) as [string, unknown][])).to.deep.equal({
      firstName: 'Ann',
      otherNames: ['Bob', 'Cy'],
      dryRun: true,
      verbosity: 2,
    })
  })

  it('shows the usage of a command in two ways', async () => {
    const [help, option] = [await run(project.root, 'help', 'greet'), await run(project.root, 'greet', '--help')]
    expect(help).to.deep.equal(option)
    expect(help.out).to.match(/^usage: manage\.ts greet \[options\] <first_name> \[other_names\.\.\.\]\n\nGreets\.\n/)
  })

  it('suggests the closest command for an unknown one', async () => {
    expect(await run(project.root, 'chekc')).to.deep.equal({
      code: 1,
      out: '',
      err: "Unknown command: 'chekc'. Did you mean check?\nType 'manage.ts help' for usage.\n",
    })
    expect((await run(project.root, 'qqqqqqq')).err).to.equal(
      "Unknown command: 'qqqqqqq'\nType 'manage.ts help' for usage.\n",
    )
    expect((await run(project.root, 'help', 'chekc')).code).to.equal(1)
  })

  it('prints the usage, the error and ends with code 2 for invalid arguments', async () => {
    const usage = 'usage: manage.ts greet [options] <first_name> [other_names...]\nmanage.ts greet: error: '
    const expected: [string[], string][] = [
      [[], 'the following arguments are required: first_name'],
      [['a', '--dry-rum'], 'unrecognized arguments: --dry-rum (did you mean --dry-run?)'],
      [['a', '-v', '7'], "argument -v/--verbosity: invalid choice: '7' (choose from 0, 1, 2, 3)"],
      [['a', '--settings'], 'argument --settings: expected one argument'],
    ]
    for (const [words, message] of expected) {
      expect(await run(project.root, 'greet', ...words)).to.deep.equal({
        code: 2,
        out: '',
        err: `${usage}${message}\n`,
      })
    }
    expect((await run(project.root, 'diffsettings', 'x', 'y')).err).to.match(/error: unrecognized arguments: x y\n$/)
    expect((await run(project.root, 'diffsettings', '--output', 'x')).err).to.match(
      /error: argument --output: invalid choice: 'x' \(choose from hash, unified\)\n$/,
    )
    expect((await run(project.root, 'diffsettings', '--output', 'x')).code).to.equal(2)
  })

  it('prints a CommandError and uses its exit code', async () => {
    expect(await run(project.root, 'fail', 'x')).to.deep.equal({
      code: 3,
      out: '',
      err: 'CommandError: It cannot be done.\n',
    })
  })

  it('reports what a file without a command should export', async () => {
    const { code, err } = await run(project.root, 'not_one')
    expect(code).to.equal(1)
    expect(err).to.match(/^CommandError: .*not_one\.ts should have a class that extends BaseCommand/)
  })

  it('refuses contradictory colour options, and uses colours when forced', async () => {
    expect((await run(project.root, 'fail', 'x', '--no-color', '--force-color')).err).to.contain(
      "The --no-color and --force-color options can't be used together.",
    )
    expect((await run(project.root, 'fail', 'x', '--force-color')).err).to.equal(
      '\u001b[1;31mCommandError: It cannot be done.\u001b[0m\n',
    )
    expect((await run(project.root, 'fail', 'x', '--no-color')).err).not.to.contain('\u001b')
  })
})
