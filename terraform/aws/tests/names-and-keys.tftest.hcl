# What the tenant gets, seen in the plan. No credentials, no network: every answer of AWS is made up.
mock_provider "aws" {}

run "tables" {
  command = plan

  module {
    source = "../modules/tables"
  }

  variables {
    names = {
      sessions   = "discord_sessions"
      executions = "discord_executions"
      messages   = "discord-messages"
      history    = "chat_history"
    }
  }

  assert {
    condition = output.names == {
      sessions   = "discord_sessions"
      executions = "discord_executions"
      messages   = "discord-messages"
      history    = "chat_history"
    }
    error_message = "the tables' names are the tenant's"
  }
  assert {
    condition = (
      jsonencode({
        for key, table in aws_dynamodb_table.this : key => compact([table.hash_key, table.range_key])
      })
      == jsonencode({
        sessions   = ["thread_id"]
        executions = ["execution_id"]
        messages   = ["pk", "sk"]
        history    = ["thread_id", "message_id"]
      })
    )
    error_message = "keys"
  }
  assert {
    condition = (
      {
        for key, table in aws_dynamodb_table.this : key => {
          for attribute in table.attribute : attribute.name => attribute.type
        }
      }
      == {
        sessions   = { thread_id = "S" }
        executions = { execution_id = "S", thread_id = "S", created_at = "N" }
        messages   = { pk = "S", sk = "S", day = "S", timestamp = "N" }
        history    = { thread_id = "S", message_id = "N" }
      }
    )
    error_message = "times and Discord's ids that order items are numbers"
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this : toset(table.attribute[*].name) == toset(compact(concat(
        [table.hash_key, table.range_key],
        table.global_secondary_index[*].hash_key,
        table.global_secondary_index[*].range_key,
      )))
    ])
    error_message = "each attribute is a key of its table or of an index: AWS refuses others"
  }
  assert {
    condition = alltrue([
      for table in aws_dynamodb_table.this : [for ttl in table.ttl : ttl.attribute_name if ttl.enabled] == ["ttl"]
    ])
    error_message = "items of every table expire by ttl"
  }
  assert {
    condition = (
      jsonencode({
        for key, table in aws_dynamodb_table.this : key => {
          for index in table.global_secondary_index :
          index.name => [index.hash_key, index.range_key, index.projection_type]
        }
      })
      == jsonencode({
        sessions   = {}
        executions = { "thread_id-index" = ["thread_id", "created_at", "ALL"] }
        messages = {
          TimestampIndex = ["pk", "timestamp", "ALL"]
          DayIndex       = ["day", "timestamp", "KEYS_ONLY"]
        }
        history = {}
      })
    )
    error_message = "indexes: what they are sorted by, and what they hold"
  }
  assert {
    condition = alltrue([for table in aws_dynamodb_table.this : (
      table.billing_mode == "PAY_PER_REQUEST"
      && table.deletion_protection_enabled
      && one(table.point_in_time_recovery).enabled
      && one(table.server_side_encryption).enabled
    )])
    error_message = "on demand, protected, recoverable, encrypted"
  }
}

run "queues" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    project = "p"
    region  = "ca-central-1"
    names   = { agentic_events = "agentic-events", discord_messages = "discord-messages" }
  }

  assert {
    condition = { for key, queue in aws_sqs_queue.dead_letter : key => queue.name } == {
      agentic_events   = "agentic-events-dlq"
      discord_messages = "discord-messages-dlq"
    }
    error_message = "names of the dead-letter queues"
  }
  assert {
    condition = alltrue([for key, queue in aws_sqs_queue.source : (
      aws_sqs_queue.dead_letter[key].message_retention_seconds > queue.message_retention_seconds
      && aws_sqs_queue.dead_letter[key].message_retention_seconds == 1209600
    )])
    error_message = "a dead-letter queue outlives its queue, by 14 days"
  }
  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.source), values(aws_sqs_queue.dead_letter)) :
      queue.sqs_managed_sse_enabled
    ])
    error_message = "encrypted"
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.source : queue.visibility_timeout_seconds == 900])
    error_message = "a message is hidden for 15 minutes, longer than handling one takes"
  }
  assert {
    condition = alltrue([for queue in aws_sqs_queue.dead_letter : (
      keys(jsondecode(queue.redrive_allow_policy)) == ["redrivePermission", "sourceQueueArns"]
      && jsondecode(queue.redrive_allow_policy).redrivePermission == "byQueue"
      && [for arn in jsondecode(queue.redrive_allow_policy).sourceQueueArns : element(split(":", arn), 5)] == [
        trimsuffix(queue.name, "-dlq")
      ]
    )])
    error_message = "a dead-letter queue takes messages from its own queue alone"
  }
  assert {
    condition = (
      {
        for key, alarm in aws_cloudwatch_metric_alarm.dead_letters :
        key => [alarm.metric_name, alarm.threshold, alarm.dimensions.QueueName]
      }
      == {
        agentic_events   = ["ApproximateNumberOfMessagesVisible", 0, "agentic-events-dlq"]
        discord_messages = ["ApproximateNumberOfMessagesVisible", 0, "discord-messages-dlq"]
      }
    )
    error_message = "an alarm at the first dead letter"
  }
  assert {
    condition = (
      {
        for key, alarm in aws_cloudwatch_metric_alarm.oldest_message :
        key => [alarm.metric_name, alarm.dimensions.QueueName]
      }
      == {
        agentic_events   = ["ApproximateAgeOfOldestMessage", "agentic-events"]
        discord_messages = ["ApproximateAgeOfOldestMessage", "discord-messages"]
      }
    )
    error_message = "an alarm on the age of the oldest message"
  }
}

# What the stack hands on: lab/terraform/tests/terraform.itg.test.ts shows that it does.
run "queues_with_settings_of_their_own" {
  command = plan

  module {
    source = "../modules/queues"
  }

  variables {
    project               = "p"
    region                = "ca-central-1"
    names                 = { agentic_events = "agentic-events", discord_messages = "discord-messages" }
    retention_seconds     = 86400
    visibility_seconds    = 1200
    restrict_dead_letters = false
    alarm_actions         = ["arn:aws:sns:ca-central-1:123456789012:p-alarms"]
  }

  assert {
    condition = alltrue([for queue in aws_sqs_queue.source : (
      queue.visibility_timeout_seconds == 1200 && queue.message_retention_seconds == 86400
    )])
    error_message = "each queue keeps and hides its messages for as long as was said"
  }
  assert {
    condition     = alltrue([for queue in aws_sqs_queue.dead_letter : queue.message_retention_seconds == 1209600])
    error_message = "a dead-letter queue keeps its messages for 14 days all the same"
  }
  assert {
    condition = alltrue([
      for alarm in concat(
        values(aws_cloudwatch_metric_alarm.dead_letters),
        values(aws_cloudwatch_metric_alarm.oldest_message),
      ) :
      alarm.alarm_actions == toset(["arn:aws:sns:ca-central-1:123456789012:p-alarms"])
      && alarm.ok_actions == alarm.alarm_actions
    ])
    error_message = "each alarm goes to the topic, and says when it is over"
  }
}

run "queue_policies" {
  command = plan

  override_data {
    target          = data.aws_caller_identity.current
    override_during = plan
    values          = { account_id = "123456789012" }
  }
  override_data {
    target          = data.aws_partition.current
    override_during = plan
    values          = { partition = "aws" }
  }

  override_resource {
    target          = aws_sqs_queue.dead_letter["agentic_events"]
    override_during = plan
    values          = { arn = "arn:aws:sqs:ca-central-1:123456789012:agentic-events-dlq" }
  }
  override_resource {
    target          = aws_sqs_queue.dead_letter["discord_messages"]
    override_during = plan
    values          = { arn = "arn:aws:sqs:ca-central-1:123456789012:discord-messages-dlq" }
  }

  module {
    source = "../modules/queues"
  }

  variables {
    project = "discord-bot"
    region  = "ca-central-1"
    names   = { agentic_events = "agentic-events", discord_messages = "discord-messages" }
  }

  assert {
    condition = alltrue([for key, queue in aws_sqs_queue.source : jsondecode(queue.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:ca-central-1:123456789012:${queue.name}-dlq"
      maxReceiveCount     = 3
    }])
    error_message = "three receives, then the queue's own dead-letter queue"
  }
  assert {
    condition = alltrue([for queue in concat(values(aws_sqs_queue.source), values(aws_sqs_queue.dead_letter)) : (
      jsonencode(jsondecode(queue.policy)) == jsonencode(jsondecode(file("tests/tls-only.json"))[queue.name])
    )])
    error_message = "TLS only, each queue by its own ARN: the policies of tls-only.json, to the letter"
  }
  assert {
    condition = alltrue([
      for queue in concat(values(aws_sqs_queue.source), values(aws_sqs_queue.dead_letter)) :
      jsondecode(queue.policy).Id == "discord-bot"
    ])
    error_message = "the policy names the tenant: another one that asks for a queue of this name is refused"
  }
}

run "repositories" {
  command = plan

  module {
    source = "../modules/repositories"
  }

  variables {
    repositories = { discord-bot = 10, dev-sandbox = 5 }
  }

  assert {
    condition = alltrue([for repository in aws_ecr_repository.this : (
      repository.image_tag_mutability == "IMMUTABLE"
      && one(repository.image_scanning_configuration).scan_on_push
      && one(repository.encryption_configuration).encryption_type == "AES256"
      && !repository.force_delete
    )])
    error_message = "immutable tags, scanned, encrypted, not deleted with images in it"
  }
  assert {
    condition = { for name, policy in aws_ecr_lifecycle_policy.this : name => policy.policy } == {
      for name, policy in jsondecode(file("tests/lifecycle.json")) : name => jsonencode(policy)
    }
    error_message = "the rules are those of lifecycle.json, which tests/lifecycle-policy.test.ts judges"
  }
  assert {
    condition = alltrue([for policy in aws_ecr_lifecycle_policy.this : (
      jsonencode(jsondecode(policy.policy).rules[*].rulePriority)
      == jsonencode(range(1, length(jsondecode(policy.policy).rules) + 1))
    )])
    error_message = "rules in the order of their priority, in which ECR returns them"
  }
}
