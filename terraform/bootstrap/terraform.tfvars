# The first tenant; no secret is here. Both ids: gh api repos/OWNER/REPO --jq '.owner.id, .id'
repository    = "acme/tenant"
owner_id      = 1001
repository_id = 2002

# the same as in terraform/aws/terraform.tfvars
project      = "discord-bot"
tables       = { sessions = "discord_sessions", executions = "discord_executions", messages = "discord-messages", history = "chat_history" }
queues       = { agentic_events = "agentic-events", discord_messages = "discord-messages" }
repositories = { discord-bot = 10, dev-sandbox = 5 }
