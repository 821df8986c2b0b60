import os

from arcadepy import Arcade

client = Arcade()

provider_id = os.environ.get("PROVIDER_ID", "arcade-ticktick")
configuration = {
    "description": "TickTick, for reading and writing tasks",
    "type": "oauth2",
    "oauth2": {
        "client_id": os.environ["TICKTICK_CLIENT_ID"],
        "client_secret": os.environ["TICKTICK_CLIENT_SECRET"],
        "scope_delimiter": " ",
        "authorize_request": {
            "endpoint": "https://ticktick.com/oauth/authorize",
            "params": {
                "response_type": "code",
                "client_id": "{{client_id}}",
                "redirect_uri": "{{redirect_uri}}",
                "scope": "{{scopes}} {{existing_scopes}}",
            },
        },
        "token_request": {
            "endpoint": "https://ticktick.com/oauth/token",
            "auth_method": "client_secret_basic",
            "params": {
                "grant_type": "authorization_code",
                "redirect_uri": "{{redirect_uri}}",
            },
            "request_content_type": "application/x-www-form-urlencoded",
            "response_content_type": "application/json",
        },
    },
}
if provider_id in [provider.id for provider in client.admin.auth_providers.list().items]:
    provider = client.admin.auth_providers.patch(provider_id, **configuration)
else:
    provider = client.admin.auth_providers.create(id=provider_id, **configuration)
print("Save this as the OAuth redirect URL of your TickTick app:")
print(provider.oauth2.redirect_uri)
