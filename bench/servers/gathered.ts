/** A minimal handwritten batcher: waiting jobs run together. */

/** Batches jobs: those of one tick, and those that arrive while `slots` batches are running. */
export function gathered<Job, Answer>(
  run: (jobs: readonly Job[]) => readonly Answer[] | Promise<readonly Answer[]>,
  slots: number,
): (job: Job) => Promise<Answer> {
  let waiting: { job: Job; resolve: (answer: Answer) => void; reject: (error: unknown) => void }[] = []
  let running = 0
  let isDue = false
  function wake(): void {
    if (isDue || running >= slots || waiting.length === 0) return
    isDue = true
    setImmediate(() => void send())
  }
  async function send(): Promise<void> {
    isDue = false
    const group = waiting
    waiting = []
    running++
    try {
      const answers = await run(group.map(({ job }) => job))
      group.forEach(({ resolve }, i) => resolve(answers[i] as Answer))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    running--
    wake()
  }
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ job, resolve, reject })
      wake()
    })
}
