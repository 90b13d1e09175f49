/** Recognizes short data that deflate cannot shrink, because deflate takes as long for 20 bytes as for 2,000. */

/** Bytes up to which data without a repetition cannot shrink: deflate's table of codes would take more than it saves. */
const SHORT = 80

/** Each entry of the hash table holds the number of the call that filled it, so that the table need not be cleared. */
const seen = new Uint32Array(8192)
let call = 0

/** Whether three consecutive bytes occur twice, which is the least that deflate refers back to. False positives are rare. */
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

/** False where compression cannot shrink the data. */
export const worthCompressing = (bytes: Uint8Array): boolean => bytes.length > SHORT || repeats(bytes)
