"""Joins the faces."""

from django.urls import include, path

from fenzhen.web.admin import lists

handler400 = "fenzhen.web.errors.bad_request"
handler403 = "fenzhen.web.errors.forbidden"
handler404 = "fenzhen.web.errors.not_found"
handler500 = "fenzhen.web.errors.broken"

urlpatterns = [
    path("", include("fenzhen.web.urls")),
    path("admin-lists/", lists.urls),
]
