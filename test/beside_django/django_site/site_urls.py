"""The views of the Django site. The Nuages site has the same at the same URLs."""
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path


def name_of(request):
    return request.user.get_username() if request.user.is_authenticated else None


def log_in(request):
    user = authenticate(request, username=request.POST["username"], password=request.POST["password"])
    if user is not None:
        login(request, user)
    return JsonResponse({"user": user and user.get_username()})


def log_out(request):
    logout(request)
    return JsonResponse({"user": name_of(request)})


def who(request):
    return JsonResponse({"user": name_of(request)})


def change_password(request):
    request.user.set_password(request.POST["password"])
    request.user.save()
    update_session_auth_hash(request, request.user)
    return JsonResponse({"user": name_of(request)})


def visit(request):
    session = request.session
    session["visits"] = session.get("visits", 0) + 1
    cart = session.get("cart", {"items": []})
    cart["items"].append(request.GET["item"])
    session["cart"] = cart
    return JsonResponse({"visits": session["visits"], "items": len(cart["items"])})


def end(request):
    request.session.flush()
    return HttpResponse("ended")


def add_messages(request):
    for level, text, tags in zip(*(request.POST.getlist(name) for name in ("level", "text", "tags"))):
        messages.add_message(request, int(level), text, extra_tags=tags)
    return HttpResponse("added")


def list_messages(request):
    found = messages.get_messages(request)
    return JsonResponse({"messages": [[each.level, each.message, each.tags] for each in found]})


def token(request):
    return JsonResponse({"token": get_token(request)})


def guarded(request):
    return HttpResponse("let through")


def signed(request):
    value = request.get_signed_cookie("basket", default=None, salt="shop", max_age=3600)
    return JsonResponse({"value": value})


def sign(request):
    response = HttpResponse("signed")
    response.set_signed_cookie("basket", request.POST["value"], salt="shop")
    return response


urlpatterns = [
    path("login/", log_in),
    path("logout/", log_out),
    path("who/", who),
    path("password/", change_password),
    path("visit/", visit),
    path("end/", end),
    path("messages/add/", add_messages),
    path("messages/", list_messages),
    path("token/", token),
    path("guarded/", guarded),
    path("signed/", signed),
    path("sign/", sign),
]
