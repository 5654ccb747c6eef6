# Everyone who plans or applies this stack uses this file. It holds no secret: those are in the stack secrets.
project = "discord-bot"
region  = "ca-central-1"

# The names that this tenant had before: without them, each begins with the project.
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

discord_bot_id   = "123456789012345678"
discord_guild_id = "123456789012345678"
litellm_base_url = "https://llm.example.com"

# Staging has a bot of its own at Discord.
environments = {
  staging = {
    discord_bot_id   = "223456789012345678"
    discord_guild_id = "223456789012345678"
    litellm_base_url = "https://llm.example.com"
  }
}

alarm_actions = ["arn:aws:sns:ca-central-1:123456789012:discord-bot-alarms"]
