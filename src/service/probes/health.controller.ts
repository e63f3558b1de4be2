import { Controller, Get, Inject, ServiceUnavailableException, VERSION_NEUTRAL } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService, type HealthIndicatorResult } from '@nestjs/terminus';
import { WhatsappTwilioHealthIndicator } from '../../whatsapp-twilio/health/whatsapp-twilio.health-indicator';
import { WhatsappTwilioStorageHealthIndicator } from '../../whatsapp-twilio/health/whatsapp-twilio.storage-health-indicator';
import type { ServiceEnvironment } from '../service-environment';
import { SERVICE_ENVIRONMENT } from '../service.tokens';
import { AliveDocs, ReadyDocs } from '../openapi/probe.docs';
import { Drain } from './drain';

/** Probes for Kubernetes. */
@Controller({ path: 'health', version: VERSION_NEUTRAL })
export class HealthController {
  constructor(
    @Inject(SERVICE_ENVIRONMENT) private readonly environment: ServiceEnvironment,
    private readonly health: HealthCheckService,
    private readonly twilio: WhatsappTwilioHealthIndicator,
    private readonly storage: WhatsappTwilioStorageHealthIndicator,
    private readonly drain: Drain,
  ) {}

  /** 200 while the process runs, whatever it depends on: a restart mends none of that. Also while it drains. */
  @Get('live')
  @AliveDocs('isAlive', 'Whether the process runs')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 once the service listens, which it does after storage and handlers are ready. */
  @Get('startup')
  @AliveDocs('hasStarted', 'Whether the service has started')
  startup(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 while requests should be sent here; 503 without storage, while draining, and, if so configured, without Twilio. */
  @Get('ready')
  @HealthCheck({ noCache: true, swaggerDocumentation: false })
  @ReadyDocs()
  async ready(): Promise<HealthCheckResult> {
    // Terminus learns of it only once the work under way is finished.
    if (this.drain.isUnderWay) throw new ServiceUnavailableException({ status: 'shutting_down', details: {} });
    return this.health.check([() => this.storageHealth(), () => this.twilioHealth()]);
  }

  /** While PostgreSQL is away, webhooks can still be taken into the spool. */
  private async storageHealth(): Promise<HealthIndicatorResult> {
    const result = await this.storage.isHealthy('storage');
    return result.storage['degraded'] ? { storage: { ...result.storage, status: 'degraded' } } : result;
  }

  /** While Twilio is away, webhooks and messages can still be taken in. */
  private async twilioHealth(): Promise<HealthIndicatorResult> {
    const result = await this.twilio.isHealthy('twilio');
    if (result.twilio.status === 'up' || this.environment.isTwilioCritical) return result;
    return { twilio: { ...result.twilio, status: 'degraded' } };
  }
}
