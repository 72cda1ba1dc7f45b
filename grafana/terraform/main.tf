# A machine for the central Grafana and Prometheus. Nobody reaches it until an address is let in: see variables.tf.
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

data "aws_ami" "debian" {
  most_recent = true
  owners      = ["136693071363"]

  filter {
    name   = "name"
    values = ["debian-13-amd64-*"]
  }
}

resource "aws_security_group" "monitoring" {
  name_prefix = "ragmeter-monitoring-"
  description = "Closed but for the addresses that were let in."
  vpc_id      = data.aws_subnet.chosen.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each          = toset(var.https_from)
  security_group_id = aws_security_group.monitoring.id
  description       = "Grafana, and remote write of the clusters"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  for_each          = toset(var.ssh_from)
  security_group_id = aws_security_group.monitoring.id
  description       = "Administration"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_vpc_security_group_egress_rule" "scrapes_and_packages" {
  security_group_id = aws_security_group.monitoring.id
  description       = "Scrapes, images and packages"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_instance" "monitoring" {
  ami                    = data.aws_ami.debian.id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.monitoring.id]
  key_name               = var.ssh_key_name
  user_data              = file("${path.module}/cloud-init.yaml")
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
  description = "Where Grafana is, once the files are there and the service is started: see the README."
  value       = aws_instance.monitoring.private_ip
}
