output "region" {
  description = "Region that everything is in."
  value       = var.region
}

output "discord_messages_queue_url" {
  description = "URL of the queue that carries Discord's messages to the bot."
  value       = module.queues.urls["discord_messages"]
}

output "agentic_events_queue_url" {
  description = "URL of the queue that carries the agents' events."
  value       = module.queues.urls["agentic_events"]
}

output "dead_letter_queue_urls" {
  description = "URL of each dead-letter queue, by what its queue carries."
  value       = module.queues.dead_letter_urls
}

output "discord_messages_table_name" {
  description = "Name of the table that keeps the turns of a thread."
  value       = module.tables.names["messages"]
}

output "table_names" {
  description = "Name of each table, by what it holds."
  value       = module.tables.names
}

output "repository_urls" {
  description = "Where each image is pushed to and pulled from."
  value       = module.repositories.urls
}

output "parameter_path" {
  description = "What the names of the tenant's parameters begin with."
  value       = local.parameter_path
}

output "users" {
  description = "Name of each identity outside AWS, by what it is for; `npm run keys` makes their access keys."
  value = merge(module.identities.users, [for environment, identities in module.environments : {
    for key, user in identities.users : "${environment}-${key}" => user
  }]...)
}

output "policies" {
  description = "Policy of each identity outside AWS as JSON, by what it is for."
  value = merge(module.identities.policies, [for environment, identities in module.environments : {
    for key, policy in identities.policies : "${environment}-${key}" => policy
  }]...)
}

output "bot_environment" {
  description = "What the bot's container is given, by the names of its environment variables; no secret among them."
  value = {
    AWS_REGION                    = var.region
    DISCORD_SESSIONS_TABLE_NAME   = module.tables.names["sessions"]
    DISCORD_EXECUTIONS_TABLE_NAME = module.tables.names["executions"]
    DISCORD_MESSAGES_TABLE_NAME   = module.tables.names["messages"]
    CHAT_HISTORY_TABLE_NAME       = module.tables.names["history"]
    AGENTIC_EVENTS_QUEUE_URL      = module.queues.urls["agentic_events"]
    DISCORD_MESSAGES_QUEUE_URL    = module.queues.urls["discord_messages"]
  }
}
