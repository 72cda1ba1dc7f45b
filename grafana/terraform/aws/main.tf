# A machine for the central Grafana and Prometheus. Nobody reaches it until a network is let in: see access.tf.
# No password passes through Terraform, so none is in its state: the machine makes its own at its first start.

terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.80"
    }
  }
}

data "aws_subnet" "chosen" {
  id = var.subnet_id
}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"]

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"]
  }
}

resource "aws_security_group" "monitoring" {
  name_prefix = "ragmeter-monitoring-"
  description = "Closed but for the networks that were let in."
  vpc_id      = data.aws_subnet.chosen.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "admitted" {
  for_each          = local.admitted
  security_group_id = aws_security_group.monitoring.id
  description       = each.key
  cidr_ipv4         = each.value.network
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "scrapes_and_packages" {
  security_group_id = aws_security_group.monitoring.id
  description       = "Scrapes, images and packages"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_instance" "monitoring" {
  ami                    = data.aws_ami.ubuntu.id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.monitoring.id]
  user_data              = local.cloud_init
  ebs_optimized          = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  root_block_device {
    volume_size = var.disk_gib
    encrypted   = true
  }

  tags = {
    Name = "ragmeter-monitoring"
  }
}

output "address" {
  description = "Where Grafana is, once the files are there and the service is started."
  value       = coalesce(aws_instance.monitoring.public_ip, aws_instance.monitoring.private_ip)
}
