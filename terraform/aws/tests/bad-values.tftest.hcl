# Each bad value has its message. What they say is in the variables.
mock_provider "aws" {}

variables {
  discord_bot_id   = "123456789012345678"
  discord_guild_id = "123456789012345678"
  litellm_base_url = "https://llm.example.com"
}

run "region_1" {
  command = plan

  variables {
    region = "Canada"
  }

  expect_failures = [var.region]
}

run "region_2" {
  command = plan

  variables {
    region = "ca-central"
  }

  expect_failures = [var.region]
}

run "project_1" {
  command = plan

  variables {
    project = "Discord Bot"
  }

  expect_failures = [var.project]
}

run "project_2" {
  command = plan

  variables {
    project = "-bot"
  }

  expect_failures = [var.project]
}

run "discord_bot_id_1" {
  command = plan

  variables {
    discord_bot_id = "123"
  }

  expect_failures = [var.discord_bot_id]
}

run "discord_bot_id_2" {
  command = plan

  variables {
    discord_bot_id = "1234567890123456789012"
  }

  expect_failures = [var.discord_bot_id]
}

run "discord_guild_id_1" {
  command = plan

  variables {
    discord_guild_id = "my-server"
  }

  expect_failures = [var.discord_guild_id]
}

run "litellm_base_url_1" {
  command = plan

  variables {
    litellm_base_url = "llm.example.com"
  }

  expect_failures = [var.litellm_base_url]
}

run "litellm_base_url_2" {
  command = plan

  variables {
    litellm_base_url = "ftp://llm.example.com"
  }

  expect_failures = [var.litellm_base_url]
}

run "litellm_base_url_3" {
  command = plan

  variables {
    litellm_base_url = ""
  }

  expect_failures = [var.litellm_base_url]
}

run "discord_token_1" {
  command = plan

  variables {
    discord_token = "Bot abc"
  }

  expect_failures = [var.discord_token]
}

run "discord_token_2" {
  command = plan

  variables {
    discord_token = ""
  }

  expect_failures = [var.discord_token]
}

run "litellm_api_key_1" {
  command = plan

  variables {
    litellm_api_key = "two words"
  }

  expect_failures = [var.litellm_api_key]
}

run "litellm_api_key_2" {
  command = plan

  variables {
    litellm_api_key = "short"
  }

  expect_failures = [var.litellm_api_key]
}

run "tables_names_1" {
  command = plan

  module {
    source = "../modules/tables"
  }

  variables {
    names = { sessions = "a b", executions = "executions", messages = "messages", history = "history" }
  }

  expect_failures = [var.names]
}

run "tables_names_2" {
  command = plan

  module {
    source = "../modules/tables"
  }

  variables {
    names = { sessions = "same", executions = "same", messages = "messages", history = "history" }
  }

  expect_failures = [var.names]
}

run "queues_names_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    names = { agentic_events = "a.b", discord_messages = "messages" }
    tags  = {}
  }

  expect_failures = [var.names]
}

run "queues_names_2" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    names = { agentic_events = "same", discord_messages = "same" }
    tags  = {}
  }

  expect_failures = [var.names]
}

run "queues_retention_seconds_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    retention_seconds = 1209600
    names             = { agentic_events = "a", discord_messages = "b" }
    tags              = {}
  }

  expect_failures = [var.retention_seconds]
}

run "queues_visibility_seconds_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    visibility_seconds = 43201
    names              = { agentic_events = "a", discord_messages = "b" }
    tags               = {}
  }

  expect_failures = [var.visibility_seconds]
}

run "queues_oldest_message_seconds_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    oldest_message_seconds = 0
    names                  = { agentic_events = "a", discord_messages = "b" }
    tags                   = {}
  }

  expect_failures = [var.oldest_message_seconds]
}

run "queues_alarm_actions_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    alarm_actions = ["me@example.com"]
    names         = { agentic_events = "a", discord_messages = "b" }
    tags          = {}
  }

  expect_failures = [var.alarm_actions]
}

run "repositories_repositories_1" {
  command = plan

  module {
    source = "../modules/repositories"
  }

  variables {
    repositories = { Upper = 1 }
  }

  expect_failures = [var.repositories]
}

run "repositories_repositories_2" {
  command = plan

  module {
    source = "../modules/repositories"
  }

  variables {
    repositories = { bot = 0 }
  }

  expect_failures = [var.repositories]
}

run "repositories_repositories_3" {
  command = plan

  module {
    source = "../modules/repositories"
  }

  variables {
    repositories = { bot = 1.5 }
  }

  expect_failures = [var.repositories]
}

run "secrets_path_1" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    path     = "/aws/mine"
    versions = {}
    tags     = {}
  }

  expect_failures = [var.path]
}

run "secrets_path_2" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    path     = "no-slash"
    versions = {}
    tags     = {}
  }

  expect_failures = [var.path]
}

run "secrets_versions_1" {
  command = plan

  module {
    source = "../modules/secrets"
  }

  variables {
    versions = { a = -1 }
    path     = "/p"
    tags     = {}
  }

  expect_failures = [var.versions]
}

run "identities_table_arns_1" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    table_arns      = []
    project         = "p"
    queue_arns      = ["q"]
    repository_arns = ["r"]
    parameter_arns  = ["s"]
    tags            = {}
  }

  expect_failures = [var.table_arns]
}

run "identities_queue_arns_1" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    queue_arns      = []
    project         = "p"
    table_arns      = ["q"]
    repository_arns = ["r"]
    parameter_arns  = ["s"]
    tags            = {}
  }

  expect_failures = [var.queue_arns]
}

run "identities_repository_arns_1" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    repository_arns = []
    project         = "p"
    table_arns      = ["q"]
    queue_arns      = ["r"]
    parameter_arns  = ["s"]
    tags            = {}
  }

  expect_failures = [var.repository_arns]
}

run "identities_parameter_arns_1" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    parameter_arns  = []
    project         = "p"
    table_arns      = ["q"]
    queue_arns      = ["r"]
    repository_arns = ["s"]
    tags            = {}
  }

  expect_failures = [var.parameter_arns]
}
