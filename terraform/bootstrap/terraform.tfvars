# Everyone who plans or applies this stack uses this file. It holds no secret.
region  = "ca-central-1"
project = "discord-bot"

# Both ids: gh api repos/OWNER/REPO --jq '.owner.id, .id'
repository    = "acme/tenant"
owner_id      = 1001
repository_id = 2002

environments = ["staging"]

# The names that this tenant had before, as in terraform/aws/terraform.tfvars: the roles may touch these and no others.
tables = {
  sessions   = "discord_sessions"
  executions = "discord_executions"
  messages   = "discord-messages"
  history    = "chat_history"
}
queues = {
  agentic_events   = "agentic-events"
  discord_messages = "discord-messages"
}
repositories = {
  discord-bot = 10
  dev-sandbox = 5
}
