/** "Your devices": where one is logged in, and how to end it there. */
import { loginRequired } from '#core/contrib/auth'
import { messages } from '#core/contrib/messages'
import { devices } from '#core/contrib/session_devices'
import type { HttpRequest } from '#core/http'
import { redirect, render } from '#core/shortcuts'
import { requirePost } from '../require_post.ts'

const ownerOf = (request: HttpRequest): string => String(request.user.id)

export const deviceList = loginRequired(async (request: HttpRequest) => {
  const mine = await devices.list(ownerOf(request), request.session.sessionKey)
  return render(request, 'shop/devices.html', { devices: mine })
})

export const endDevice = loginRequired(
  requirePost(async (request) => {
    const ended = await devices.end(ownerOf(request), request.POST.get('device') ?? '', request.session)
    if (ended) messages.success(request, 'That device is logged out.')
    else messages.info(request, 'That device was logged out already.')
    return redirect('shop:devices')
  }),
)

export const endOtherDevices = loginRequired(
  requirePost(async (request) => {
    const ended = await devices.endOthers(ownerOf(request), request.session.sessionKey)
    messages.success(request, `Other devices logged out: ${ended}.`)
    return redirect('shop:devices')
  }),
)
