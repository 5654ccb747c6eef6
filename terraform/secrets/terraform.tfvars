# Everyone who plans or applies this stack uses this file. A secret does not belong here: an apply that raises a version
# takes its value from TF_VAR_discord_token or TF_VAR_litellm_api_key.
project = "discord-bot"
region  = "ca-central-1"

environments    = ["staging"]
secret_versions = { discord_token = 1, litellm_api_key = 1 }
