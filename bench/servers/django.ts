/** Django under gunicorn with one sync worker, in a child process of this one. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { isInstalled, tailOf } from '../processes.ts'
import type { ForeignServer, Usage } from '../server.ts'

const PROJECT = path.join(import.meta.dirname, '..', 'peers', 'django')

const LISTENING = /Listening at: http:\/\/127\.0\.0\.1:(\d+)/

/** Waits until gunicorn has opened its port. */
function portOf(child: ChildProcess, said: () => string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const [, port] = LISTENING.exec(said()) ?? []
      if (port !== undefined) resolve(Number(port))
    })
    child.once('close', () => reject(new Error(`gunicorn does not start. ${said()}`)))
  })
}

async function usageAt(port: number): Promise<Usage> {
  const response = await fetch(`http://127.0.0.1:${port}/usage`)
  // The single worker handles one connection at a time, so all earlier requests are finished.
  return { ...((await response.json()) as Pick<Usage, 'requests' | 'cpu' | 'memory'>), connections: 0, heap: 0 }
}

export default async (): Promise<ForeignServer> => {
  if (!isInstalled('gunicorn')) throw new Error('gunicorn is not installed.')
  const child = spawn('gunicorn', ['-c', 'gunicorn.conf.py'], {
    cwd: PROJECT,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  // gunicorn.conf.py ends the worker when its master is gone.
  process.once('exit', () => child.kill('SIGKILL'))
  process.once('SIGTERM', () => {
    child.once('close', () => process.exit())
    child.kill('SIGQUIT')
  })
  const said = tailOf(child.stderr)
  const port = await portOf(child, said)
  try {
    // The worker creates its tables before the first response.
    await usageAt(port)
  } catch (error) {
    throw new Error(`Django does not start under gunicorn. ${said()}`, { cause: error })
  }
  return { port, usage: () => usageAt(port) }
}
