import os

from django.core.wsgi import get_wsgi_application

from accounts.app_role import refuse_unsafe_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
refuse_unsafe_start()
