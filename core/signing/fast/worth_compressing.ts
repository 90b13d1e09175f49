/** Tells short texts that deflate cannot make shorter without asking it: it costs the same whatever the length. */

/** Bytes up to which a text without a repetition cannot gain: a table of codes of its own would cost more than it saves. */
const SHORT = 80

/** The places of the hash table hold the number of the call that filled them, so that it need not be emptied. */
const seen = new Uint32Array(8192)
let call = 0

/** Whether three bytes in a row come twice, which is the least that deflate can refer back to. Now and then wrongly so. */
function repeats(bytes: Uint8Array): boolean {
  call = (call + 1) >>> 0
  if (call === 0) {
    seen.fill(0)
    call = 1
  }
  for (let i = 2; i < bytes.length; i++) {
    const three = ((bytes[i - 2] as number) << 16) | ((bytes[i - 1] as number) << 8) | (bytes[i] as number)
    const place = Math.imul(three, 0x9e3779b1) >>> 19
    if (seen[place] === call) return true
    seen[place] = call
  }
  return false
}

/** False where compressing is known not to pay. */
export const worthCompressing = (bytes: Uint8Array): boolean => bytes.length > SHORT || repeats(bytes)
