import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { WhatsappTwilioModule } from 'nestjs-whatsapp-twilio';
import { Concierge } from './concierge';

@Module({
  imports: [ConfigModule.forRoot(), WhatsappTwilioModule.forRoot()],
  providers: [Concierge],
})
export class AppModule {}
