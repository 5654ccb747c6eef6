region  = "ca-central-1"
project = "discord-bot"

repository    = "acme/tenant"
owner_id      = 1001
repository_id = 2002
