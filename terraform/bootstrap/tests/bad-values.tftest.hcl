# Each bad value is refused; what the sentences say is in the variables. No credentials, no network.
mock_provider "aws" {
  mock_data "aws_iam_openid_connect_provider" {
    defaults = { client_id_list = ["sts.amazonaws.com"] }
  }
}

run "bad_values" {
  command = plan

  variables {
    region            = "here"
    project           = "X"
    state_bucket      = "UPPER"
    repository        = "acme/*"
    owner_id          = 0
    repository_id     = 1.5
    issuer            = "https://token.actions.githubusercontent.com/*"
    subject_form      = "new"
    branch            = "*"
    apply_environment = "a*"
    tables            = { session = "x-sessions" }
    queues            = { events = "x-events" }
    repositories      = { "x/*" = 10 }
    tags              = { project = "x" }
  }

  expect_failures = [
    var.region,
    var.project,
    var.state_bucket,
    var.repository,
    var.owner_id,
    var.repository_id,
    var.issuer,
    var.subject_form,
    var.branch,
    var.apply_environment,
    var.tables,
    var.queues,
    var.repositories,
    var.tags,
  ]
}

run "more_bad_values" {
  command = plan

  variables {
    project    = "discord-sandbox"
    repository = "tenant"
    tables     = { sessions = "x-*" }
    queues     = { agentic_events = "x-?" }
  }

  expect_failures = [var.project, var.repository, var.tables, var.queues]
}

run "names_that_are_null" {
  command = plan

  variables {
    tables = { sessions = null }
    queues = { agentic_events = null }
  }

  expect_failures = [var.tables, var.queues]
}
