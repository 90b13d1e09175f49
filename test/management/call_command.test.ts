/** callCommand: commands from code, and the report of check. */
import { expect } from 'chai'
import { setup } from '#core/apps'
import { CheckMessage, checks } from '#core/checks'
import { overrideSettings } from '#core/conf'
import { closeServices } from '../../core/management/project.ts'
import { callCommand, CommandError, ListeningTerminal, SystemCheckError } from '#core/management'

async function called(...args: Parameters<typeof callCommand>): Promise<{ out: string; err: string }> {
  const [stdout, stderr] = [new ListeningTerminal(), new ListeningTerminal()]
  const [name, ...words] = args
  const last = typeof words.at(-1) === 'object' ? (words.pop() as object) : {}
  await callCommand(name, ...words, { ...last, stdout, stderr })
  return { out: stdout.text, err: stderr.text }
}

async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('Nothing was thrown.')
}

/** The messages of the check below, set by a test. */
let messages: CheckMessage[] = []
const TAG = 'test_of_call_command'

describe('callCommand', () => {
  before(async () => {
    await setup()
    checks.register(() => messages, TAG)
    checks.register(() => [new CheckMessage('WARNING', 'not for production', { id: 't.W9' })], TAG, { deploy: true })
  })
  after(closeServices)
  afterEach(() => {
    messages = []
  })

  it('accepts strings, or an object, or both', async () => {
    const words = await called('diffsettings', '--output', 'unified', '--all')
    expect(words.out).to.contain('\n  APPEND_SLASH = true\n')
    expect(await called('diffsettings', { output: 'unified', all: true })).to.deep.equal(words)
    expect(await called('diffsettings', '--all', { output: 'unified' })).to.deep.equal(words)
  })

  it('throws a CommandError for an unknown command or argument', async () => {
    const unknown = await errorOf(callCommand('chekc'))
    expect(unknown).to.be.instanceOf(CommandError)
    expect(unknown.message).to.equal("Unknown command: 'chekc'. Did you mean check?\nType 'manage.ts help' for usage.")
    const words = await errorOf(callCommand('check', '--nope'))
    expect(words).to.be.instanceOf(CommandError)
    expect(words.message).to.equal('unrecognized arguments: --nope')
    expect((await errorOf(callCommand('startapp'))).message).to.equal('the following arguments are required: name')
  })

  it('refuses an option that the command does not have', async () => {
    const error = await errorOf(callCommand('check', { fake: true }))
    expect(error).to.be.instanceOf(TypeError)
    expect(error.message).to.match(/^check has no option fake\. It has: appLabel, .*verbosity/)
  })

  it('reads positional arguments from the object', async () => {
    const error = await errorOf(callCommand('check', { appLabel: ['nope'] }))
    expect(error).to.be.instanceOf(CommandError)
    expect(error.message).to.match(/^No installed app with label 'nope'\./)
  })

  describe('of check', () => {
    it('reports no issues', async () => {
      expect(await called('check', '--tag', TAG)).to.deep.equal({
        out: 'System check identified no issues (0 silenced).\n',
        err: '',
      })
    })

    it('prints the groups in order, sorted inside, with hints, on standard error', async () => {
      messages = [
        new CheckMessage('INFO', 'an info', { id: 't.I1' }),
        new CheckMessage('WARNING', 'second', { id: 't.W2', hint: 'Do it.' }),
        new CheckMessage('WARNING', 'first', { id: 't.W1', obj: 'a.b' }),
        new CheckMessage('DEBUG', 'a debug', { id: 't.D1' }),
      ]
      expect(await called('check', '--tag', TAG)).to.deep.equal({
        out: '',
        err:
          'System check identified some issues:\n\nWARNINGS:\n?: (t.W2) second\n\tHINT: Do it.\na.b: (t.W1) first\n\n' +
          'INFOS:\n?: (t.I1) an info\n\nDEBUGS:\n?: (t.D1) a debug\n\nSystem check identified 4 issues (0 silenced).\n',
      })
    })

    it('fails on an error, and on less with --fail-level', async () => {
      messages = [new CheckMessage('ERROR', 'wrong', { id: 't.E1' })]
      const error = await errorOf(called('check', '--tag', TAG))
      expect(error).to.be.instanceOf(SystemCheckError)
      expect(error.message).to.equal(
        'SystemCheckError: System check identified some issues:\n\nERRORS:\n?: (t.E1) wrong\n\n' +
          'System check identified 1 issue (0 silenced).',
      )
      messages = [new CheckMessage('WARNING', 'odd', { id: 't.W1' })]
      await called('check', '--tag', TAG)
      expect(await errorOf(called('check', '--tag', TAG, '--fail-level', 'WARNING'))).to.be.instanceOf(SystemCheckError)
      messages = [new CheckMessage('ERROR', 'wrong', { id: 't.E1' })]
      await called('check', '--tag', TAG, '--fail-level', 'CRITICAL')
    })

    it('counts silenced messages and does not show them', async () => {
      messages = [new CheckMessage('ERROR', 'wrong', { id: 't.E1' })]
      await overrideSettings({ SILENCED_SYSTEM_CHECKS: ['t.E1'] }, async () => {
        expect((await called('check', '--tag', TAG)).out).to.equal('System check identified no issues (1 silenced).\n')
      })
    })

    it('runs checks for deployment with --deploy', async () => {
      expect((await called('check', '--tag', TAG, '--deploy')).err).to.contain('?: (t.W9) not for production')
    })

    it('lists tags, and refuses an unknown one', async () => {
      expect((await called('check', '--list-tags')).out.split('\n')).to.include(TAG)
      const error = await errorOf(callCommand('check', '--tag', `${TAG}s`))
      expect(error.message).to.match(/^There is no system check with the "test_of_call_commands" tag\. Did you mean/)
    })

    it('refuses an unknown database', async () => {
      const error = await errorOf(callCommand('check', '--database', 'other'))
      expect(error.message).to.equal("The connection 'other' doesn't exist. DATABASES has default.")
    })

    it('runs before other commands only on request', async () => {
      messages = [new CheckMessage('ERROR', 'wrong', { id: 't.E1' })]
      await called('diffsettings')
      await called('showmigrations', '--plan')
    })
  })
})
