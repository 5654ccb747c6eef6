# Each bad value has its message. What they say is in the variables; what is not named here is in terraform.tfvars.
mock_provider "aws" {}

run "tables_1" {
  command = plan

  variables {
    tables = { session = "discord_sessions" }
  }

  expect_failures = [var.tables]
}

run "queues_1" {
  command = plan

  variables {
    queues = { agentic-events = "events" }
  }

  expect_failures = [var.queues]
}

run "alarm_actions_1" {
  command = plan

  variables {
    alarm_actions = []
  }

  expect_failures = [var.alarm_actions]
}

# The other side of these two: a reason is as good as a topic.
run "no_alarm_actions_with_a_reason" {
  command = plan

  variables {
    alarm_actions            = []
    no_alarm_actions_because = "This tenant is looked at once a day."
  }

  assert {
    condition     = length(module.queues.names) == 2
    error_message = "a plan with a reason and without a topic"
  }
}

run "no_alarm_actions_because_1" {
  command = plan

  variables {
    alarm_actions            = []
    no_alarm_actions_because = " "
  }

  expect_failures = [var.no_alarm_actions_because]
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
    project = "p"
    region  = "ca-central-1"
    names   = { agentic_events = "a.b", discord_messages = "messages" }
  }

  expect_failures = [var.names]
}

run "queues_names_2" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    project = "p"
    region  = "ca-central-1"
    names   = { agentic_events = "same", discord_messages = "same" }
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
    project           = "p"
    region            = "ca-central-1"
    names             = { agentic_events = "a", discord_messages = "b" }
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
    project            = "p"
    region             = "ca-central-1"
    names              = { agentic_events = "a", discord_messages = "b" }
  }

  expect_failures = [var.visibility_seconds]
}

run "queues_alarm_actions_1" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    alarm_actions = ["me@example.com"]
    project       = "p"
    region        = "ca-central-1"
    names         = { agentic_events = "a", discord_messages = "b" }
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
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/p/s"]
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
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/p/s"]
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
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/p/s"]
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
  }

  expect_failures = [var.parameter_arns]
}

run "identities_parameter_arns_2" {
  command = plan

  module {
    source = "../modules/identities"
  }

  variables {
    parameter_arns  = ["arn:aws:ssm:ca-central-1:123456789012:parameter/p/*"]
    project         = "p"
    table_arns      = ["q"]
    queue_arns      = ["r"]
    repository_arns = ["s"]
  }

  expect_failures = [var.parameter_arns]
}
