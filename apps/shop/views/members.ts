/** Views of who somebody is: registering, and a page that only its owner sees. */
import { login, loginRequired } from '#core/contrib/auth'
import { messages } from '#core/contrib/messages'
import type { HttpRequest, HttpResponseBase } from '#core/http'
import { redirect, render } from '#core/shortcuts'
import { RegistrationForm } from '../registration.ts'

export async function register(request: HttpRequest): Promise<HttpResponseBase> {
  if (request.method !== 'POST') return render(request, 'shop/register.html', { form: new RegistrationForm() })
  const form = new RegistrationForm(request.POST)
  const user = (await form.isValid()) ? await form.save() : null
  if (user === null) return render(request, 'shop/register.html', { form })
  await login(request, user)
  messages.success(request, `Welcome, ${user.username}! You are registered and logged in.`)
  return redirect('shop:profile')
}

export const profile = loginRequired((request: HttpRequest) => render(request, 'shop/profile.html'))
